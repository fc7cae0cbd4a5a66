// `npm pack` and `npm publish` in this folder would send TypeScript files, which Node refuses below node_modules.
console.error(
  'pack it with `npm run pack` in the repository: it compiles first, and leaves dist/*.tgz and dist/packages/*',
);
process.exit(1);

# Every katbus daemon, one image: the command says which (docker-compose.yml).
FROM node:24-slim

WORKDIR /app
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH

COPY . .
# Not --omit=optional: the page's bundler has its program for each platform there.
RUN npm ci --omit=dev

# A named volume takes over the owner of the folder that it is mounted on.
RUN mkdir /data && chown node:node /data
USER node

ENTRYPOINT ["katbus"]
CMD ["--help"]

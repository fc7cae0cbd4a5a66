/** What Cassandra 5.0 reaches into of Java 17, which closes these packages: without them it does not start. */
const EXPORTED = [
  'java.base/java.lang.ref',
  'java.base/jdk.internal.misc',
  'java.management/com.sun.jmx.remote.security',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'jdk.attach/sun.tools.attach',
  'jdk.compiler/com.sun.tools.javac.file',
  'jdk.unsupported/sun.misc',
];
const OPENED = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.compiler/com.sun.tools.javac',
  'jdk.management/com.sun.management.internal',
];

export interface JavaFlagsOptions {
  readonly agent: string;
  /** `1G`: as Java has it. */
  readonly heap: string;
  /** Its configuration, log settings, data, and what it unpacks are below it. */
  readonly home: string;
  /** Whether Java only translates its code and leaves out what makes it fast: half the processor time of a start, for tests. */
  readonly isBrief: boolean;
}

/** Everything between `java` and the name of the class. The assertions are on, as they are in Apache's own package. */
export function javaFlags({ agent, heap, home, isBrief }: JavaFlagsOptions): readonly string[] {
  return [
    '-Djdk.attach.allowAttachSelf=true',
    ...(isBrief ? ['-XX:TieredStopAtLevel=1'] : []),
    ...EXPORTED.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...OPENED.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    ...[`-Xms${heap}`, `-Xmx${heap}`, '-Xss256k', '-XX:+UseG1GC'],
    ...['-XX:+ExitOnOutOfMemoryError', '-XX:+PerfDisableSharedMem', `-XX:ErrorFile=${home}/java-error.log`],
    ...['-ea', '-da:net.openhft...', `-javaagent:${agent}`],
    ...['-Dio.netty.tryReflectionSetAccessible=true', '-Dio.netty.allocator.useCacheForAllThreads=true'],
    ...['-Dio.netty.allocator.maxOrder=11', '-Djava.net.preferIPv4Stack=true'],
    '-Dchronicle.analytics.disable=true',
    // Native libraries are unpacked there: the system's own temporary folder may forbid programs.
    ...[`-Djava.io.tmpdir=${home}/tmp`, `-Djna.tmpdir=${home}/tmp`],
    ...[`-Dcassandra.config=file://${home}/cassandra.yaml`, `-Dcassandra.storagedir=${home}/data`],
    ...[`-Dcassandra.logdir=${home}/logs`, `-Dlogback.configurationFile=file:${home}/logback.xml`],
    '-Dcassandra-foreground=yes',
    // A cluster on one machine need not wait for news from far away; `ring_delay_ms` stays as it is, since it also bounds how long a
    // busy machine may take for the first word between two nodes.
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.superuser_setup_delay_ms=0',
  ];
}

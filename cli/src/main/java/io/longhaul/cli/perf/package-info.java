/// Measuring: a load of operations of one kind on a connection, timed one by one, and the server's half of it.
///
/// Imports the public API of the transport, the control messages and HdrHistogram. Threading: a load is started,
/// watched and stopped by one thread; its operations complete on the connection's agent.
@NullMarked
package io.longhaul.cli.perf;

import org.jspecify.annotations.NullMarked;

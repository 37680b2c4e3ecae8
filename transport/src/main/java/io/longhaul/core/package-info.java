/// The protocol engine: bytes in, bytes out.
///
/// Imports neither verbs nor sockets, reads no clock, draws no random number and starts no thread: the time is an
/// argument of every call.
///
/// Threading: single-writer. One agent owns a connection; other threads reach it through a queue.
@NullMarked
package io.longhaul.core;

import org.jspecify.annotations.NullMarked;

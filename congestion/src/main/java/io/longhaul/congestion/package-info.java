/// Congestion control as arithmetic: controllers, round-trip and delivery-rate estimators, pacing.
///
/// Imports `java.base` only. No clock, no randomness, no thread, no socket: the time and every sample are arguments.
///
/// Threading: single-writer. Whoever owns a connection owns its controller.
@NullMarked
package io.longhaul.congestion;

import org.jspecify.annotations.NullMarked;

/// The controller of a provisioned circuit: it holds its rate, and takes loss for corruption unless delay or ECN agree.
///
/// Imports `java.base` and `io.longhaul.congestion` only. Threading: single-writer.
@NullMarked
package io.longhaul.congestion.reserved;

import org.jspecify.annotations.NullMarked;

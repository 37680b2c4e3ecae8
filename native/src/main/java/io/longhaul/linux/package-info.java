/// The few system calls of Linux that sockets with segmentation offload need, through the foreign function interface.
///
/// Imports `java.base` only. Where the system is not Linux, or refuses a call, that is a value and never an exception.
@NullMarked
package io.longhaul.linux;

import org.jspecify.annotations.NullMarked;

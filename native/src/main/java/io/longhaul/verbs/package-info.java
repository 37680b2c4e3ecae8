/// One API in the words of the RDMA verbs, and the devices that stand behind it.
///
/// Imports `java.base` only; names no device. A device is found through its provider, which says why it is not
/// available where it is not.
@NullMarked
package io.longhaul.verbs;

import org.jspecify.annotations.NullMarked;

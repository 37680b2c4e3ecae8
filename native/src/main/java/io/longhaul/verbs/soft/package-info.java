/// The software device: RoCEv2 in user space over UDP sockets, without privileges.
///
/// Imports `java.base`, `io.longhaul.verbs` and `io.longhaul.linux` only.
@NullMarked
package io.longhaul.verbs.soft;

import org.jspecify.annotations.NullMarked;

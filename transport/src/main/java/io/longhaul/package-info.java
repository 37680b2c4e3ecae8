/// The public API of Longhaul: RDMA semantics between machines that are hundreds to thousands of kilometres apart.
///
/// Owns what an application links: connections, operations, regions, streams and their configuration.
@NullMarked
package io.longhaul;

import org.jspecify.annotations.NullMarked;

/// The exchange of messages that rdma-core's `ibv_uc_pingpong` and `ibv_ud_pingpong` speak, from either end.
///
/// Stands on the verbs API alone and knows no device. Threading: one thread for one exchange.
@NullMarked
package io.longhaul.cli.pingpong;

import org.jspecify.annotations.NullMarked;

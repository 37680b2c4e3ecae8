/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.bench.compare;

import io.longhaul.cli.quantity.ByteSize;

/// What is measured: one peer, doing one thing, on one path.
///
/// @param kind what it does
/// @param peer who does it
/// @param sizeBytes length of a message, 0 for a stream
record Cell(Kind kind, Peer peer, PathPoint path, long sizeBytes) {
    /// What a peer does.
    enum Kind {
        /// As many bytes as it can.
        STREAM,
        /// Messages, one at a time, each until it is known to have arrived.
        MESSAGES,
        /// Messages that are due at fixed times, timed from when they are due.
        LOAD
    }

    /// What the results call it.
    String name() {
        return kind.name().toLowerCase(java.util.Locale.ROOT) + "/" + peer.name()
                + (sizeBytes == 0 ? "" : "/" + ByteSize.format(sizeBytes).replace(" ", "")) + "/" + path.name();
    }
}

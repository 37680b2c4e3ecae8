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
import java.util.Locale;

/// What is measured: one peer, doing one thing, on one path.
///
/// @param kind what it does
/// @param peer who does it
/// @param parameter length of a message, or how many connections; 0 where there is neither
record Cell(Kind kind, Peer peer, PathPoint path, long parameter) {
    /// What a peer does.
    enum Kind {
        /// As many bytes as it can.
        STREAM,
        /// Messages, one at a time, each until it is known to have arrived.
        MESSAGES,
        /// Messages that are due at fixed times, timed from when they are due.
        LOAD,
        /// A stream, for the memory that it takes.
        MEMORY,
        /// Many connections: what they cost.
        CONNECTIONS,
        /// A small message there and back, on this machine.
        PINGPONG,
        /// As many small messages as it can, on this machine.
        SMALL;

        /// What the options and the results call it.
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int SECONDS_TO_START = 4;
    private static final double WORSE_THAN_IDEAL = 1.5;

    /// Length of a message, 0 for a stream.
    long sizeBytes() {
        return kind == Kind.CONNECTIONS ? 0 : parameter;
    }

    /// What the results call it.
    String name() {
        String what = switch (kind) {
            case STREAM, MEMORY -> "";
            case CONNECTIONS -> "/" + parameter;
            default -> "/" + ByteSize.format(parameter).replace(" ", "");
        };
        return kind.word() + "/" + peer.name() + what + "/" + path.name();
    }

    /// About how long a run takes.
    double estimatedSeconds(Effort effort) {
        Effort own = effort.of(peer);
        double warmup = own.warmupSeconds(path);
        return SECONDS_TO_START
                + switch (kind) {
                    case STREAM, MEMORY -> warmup + effort.seconds();
                    case MESSAGES ->
                        WORSE_THAN_IDEAL
                                * (effort.messages(parameter) + own.warmupMessages(this))
                                * path.idealSeconds(parameter);
                    case LOAD -> warmup + effort.loadSeconds();
                    case CONNECTIONS -> warmup + effort.seconds() + 8 + parameter / 100.0;
                    case PINGPONG, SMALL -> own.warmupSeconds() + effort.seconds();
                };
    }
}

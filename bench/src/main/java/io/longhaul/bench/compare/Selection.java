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

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Which peers there are, and which cells are measured.
final class Selection {
    // What messages are compared on: with loss, where transports differ most, at the shortest round trip of the grid.
    private static final double LOSS_OF_MESSAGES = 0.001;

    private Selection() {}

    /// All peers, Longhaul first.
    static List<Peer> peers() {
        return List.of(
                new LonghaulPeer(),
                new UdpPeer(),
                new IperfPeer("cubic", 1),
                new IperfPeer("cubic", 8),
                new IperfPeer("bbr", 1),
                new IperfPeer("bbr", 8),
                new TcpMessagePeer("cubic"),
                new TcpMessagePeer("bbr"));
    }

    /// Their names, each once.
    static List<String> peerNames() {
        return peers().stream().map(Peer::name).distinct().toList();
    }

    /// The cells of a comparison, those of a path beside each other.
    ///
    /// @param directMtuBytes of the path without a link; 0 leaves it out
    /// @param sizes of messages
    /// @param skipped gets what cannot run here, and why
    static List<Cell> cells(
            List<PathPoint> paths,
            int directMtuBytes,
            List<Long> sizes,
            List<String> peerNames,
            List<String> kinds,
            List<String> skipped) {
        List<Peer> chosen = new ArrayList<>();
        for (Peer each : peers()) {
            if (!peerNames.contains(each.name())) {
                continue;
            }
            Optional<String> why = each.unavailable();
            if (why.isEmpty()) {
                chosen.add(each);
            } else {
                skipped.add(each.title() + ": " + why.get());
            }
        }
        List<Cell> cells = new ArrayList<>();
        PathPoint forMessages = pathOfMessages(paths);
        List<PathPoint> all = new ArrayList<>(paths);
        if (directMtuBytes > 0) {
            all.addFirst(new PathPoint(0, 0, 0, directMtuBytes));
        }
        for (PathPoint path : all) {
            for (Cell.Kind kind : Cell.Kind.values()) {
                if (!kinds.contains(kind.name().toLowerCase(Locale.ROOT))
                        || kind != Cell.Kind.STREAM && !path.equals(forMessages)) {
                    continue;
                }
                for (long size : sizesOf(kind, sizes)) {
                    chosen.stream()
                            .filter(each -> each.does(kind))
                            .forEach(each -> cells.add(new Cell(kind, each, path, size)));
                }
            }
        }
        return cells;
    }

    private static List<Long> sizesOf(Cell.Kind kind, List<Long> sizes) {
        return switch (kind) {
            case STREAM -> List.of(0L);
            case MESSAGES -> sizes;
            // The smallest: so many that latencies have a tail.
            case LOAD -> List.of(sizes.stream().min(Long::compare).orElseThrow());
        };
    }

    private static PathPoint pathOfMessages(List<PathPoint> paths) {
        return paths.stream()
                .filter(each -> each.lossFraction() == LOSS_OF_MESSAGES)
                .findFirst()
                .orElse(paths.getFirst());
    }
}

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Which peers there are, and which cells are measured.
///
/// @param paths of streams; messages, loads and connections are measured on one of them
/// @param directMtuBytes of the path without a link; 0 leaves it and the loopback out
/// @param sizes of messages
/// @param connections how many at a time
/// @param memoryPaths where memory is measured
/// @param peers names
/// @param kinds words
/// @param only patterns, of which the name of a cell matches one; none for all
record Selection(
        List<PathPoint> paths,
        int directMtuBytes,
        List<Long> sizes,
        List<Long> connections,
        List<PathPoint> memoryPaths,
        List<String> peers,
        List<String> kinds,
        List<String> only) {
    // What messages are compared on: with loss, where transports differ most, at the shortest round trip of the grid.
    private static final double LOSS_OF_MESSAGES = 0.001;
    private static final long SMALL_BYTES = 64;

    /// All peers, Longhaul first.
    static List<Peer> allPeers() {
        return List.of(
                new LonghaulPeer(false),
                new LonghaulPeer(true),
                new UdpPeer(),
                new IperfPeer("cubic", 1),
                new IperfPeer("cubic", 8),
                new IperfPeer("bbr", 1),
                new IperfPeer("bbr", 8),
                new TcpMessagePeer("cubic"),
                new TcpMessagePeer("bbr"),
                new QuicPeer(),
                new AeronPeer(),
                new UdpPingPongPeer());
    }

    /// Their names, each once.
    static List<String> peerNames() {
        return allPeers().stream().map(Peer::name).distinct().toList();
    }

    /// The cells of a comparison, those of a path beside each other.
    ///
    /// @param skipped gets what cannot run here, and why
    List<Cell> cells(List<String> skipped) {
        List<Peer> chosen = new ArrayList<>();
        for (Peer each : allPeers()) {
            if (!peers.contains(each.name())) {
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
        whatIsMeasured()
                .forEach((path, wanted) -> wanted.forEach((kind, parameters) -> {
                    if (!kinds.contains(kind.word())) {
                        return;
                    }
                    for (long parameter : parameters) {
                        chosen.stream()
                                .map(each -> new Cell(kind, each, path, parameter))
                                .filter(each -> each.peer().does(each) && isWanted(each.name()))
                                .forEach(cells::add);
                    }
                }));
        return cells;
    }

    private Map<PathPoint, Map<Cell.Kind, List<Long>>> whatIsMeasured() {
        Map<PathPoint, Map<Cell.Kind, List<Long>>> result = new LinkedHashMap<>();
        if (directMtuBytes > 0) {
            add(result, PathPoint.LOOPBACK, Cell.Kind.PINGPONG, List.of(SMALL_BYTES));
            add(result, PathPoint.LOOPBACK, Cell.Kind.SMALL, List.of(SMALL_BYTES));
            add(result, new PathPoint(0, 0, 0, directMtuBytes), Cell.Kind.STREAM, List.of(0L));
        }
        paths.forEach(path -> add(result, path, Cell.Kind.STREAM, List.of(0L)));
        PathPoint lossy = pathWith(LOSS_OF_MESSAGES);
        add(result, lossy, Cell.Kind.MESSAGES, sizes);
        // The smallest: so many that latencies have a tail.
        add(
                result,
                lossy,
                Cell.Kind.LOAD,
                List.of(sizes.stream().min(Long::compare).orElseThrow()));
        add(result, pathWith(0), Cell.Kind.CONNECTIONS, connections);
        memoryPaths.forEach(path -> add(result, path, Cell.Kind.MEMORY, List.of(0L)));
        return result;
    }

    private static void add(
            Map<PathPoint, Map<Cell.Kind, List<Long>>> to, PathPoint path, Cell.Kind kind, List<Long> parameters) {
        to.computeIfAbsent(path, any -> new LinkedHashMap<>()).put(kind, parameters);
    }

    private PathPoint pathWith(double loss) {
        return paths.stream()
                .filter(each -> each.lossFraction() == loss)
                .findFirst()
                .orElse(paths.getFirst());
    }

    private boolean isWanted(String name) {
        return only.isEmpty() || only.stream().anyMatch(each -> matches(each, name));
    }

    /// Whether a name has a pattern in it: letters as they are, `*` for any.
    static boolean matches(String pattern, String name) {
        StringBuilder expression = new StringBuilder();
        for (String part : pattern.split("\\*", -1)) {
            expression.append(expression.isEmpty() ? "" : ".*").append(Pattern.quote(part));
        }
        return Pattern.compile(expression.toString()).matcher(name).find();
    }
}

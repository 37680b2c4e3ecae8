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

import io.longhaul.bench.peers.UdpBlast;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Datagrams at the rate of the line, without any repair: what is lost stays lost. The ceiling.
record UdpPeer() implements Peer {
    private static final double GIB = 1L << 30;
    private static final String PORT = "4902";
    private static final int HEADER_BYTES = 28;

    @Override
    public String name() {
        return "udp";
    }

    @Override
    public String title() {
        return "raw UDP (ceiling)";
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public boolean does(Cell.Kind kind) {
        return kind == Cell.Kind.STREAM;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        programs.startServer(
                Programs.java(UdpBlast.class, List.of("serve", programs.serverAddress(), PORT)), "\"port\"");
        // Without acknowledgements a round trip warms nothing up; it is the code that must become fast.
        int warmup = effort.warmupSeconds();
        String output = programs.runClient(
                Programs.java(
                        UdpBlast.class,
                        List.of(
                                "load",
                                programs.serverAddress(),
                                PORT,
                                programs.clientAddress(),
                                String.valueOf(cell.path().mtuBytes() - HEADER_BYTES),
                                String.valueOf(warmup),
                                String.valueOf(effort.seconds()),
                                String.valueOf(cell.path().rateBitsPerSecond()))),
                effort.seconds() + warmup + 30);
        Map<String, @Nullable Object> result = new LinkedHashMap<>(JsonText.parse(output));
        result.put(
                "cpu_seconds_per_gib",
                JsonText.number(result, "cpu_seconds") / (JsonText.number(result, "bytes") / GIB));
        return result;
    }
}

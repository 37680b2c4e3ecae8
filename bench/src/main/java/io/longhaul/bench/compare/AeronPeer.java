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

import io.longhaul.bench.peers.AeronMessages;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Aeron, tuned to the path: a window of what the path and half of its queue hold, so that it fills the line and
/// overflows nothing by itself.
record AeronPeer() implements Peer {
    private static final String PORT = "4904";
    private static final int HEADER_BYTES = 28;
    private static final int FRAME_ALIGNMENT = 32;
    private static final long LEAST_WINDOW_BYTES = 1 << 20;
    private static final long WINDOW_WITHOUT_DELAY_BYTES = 8 << 20;

    // Aeron's buffers are Agrona's, which reach into the JDK.
    private static final List<String> OPTIONS =
            List.of("--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");

    @Override
    public String name() {
        return "aeron";
    }

    @Override
    public String title() {
        return "Aeron";
    }

    @Override
    public Optional<String> unavailable() {
        return Natives.missing("io.aeron.driver.MediaDriver");
    }

    @Override
    public boolean does(Cell.Kind kind) {
        return kind == Cell.Kind.STREAM || kind == Cell.Kind.MESSAGES || kind == Cell.Kind.LOAD;
    }

    @Override
    public boolean isCompiledAsItRuns() {
        return true;
    }

    @Override
    public Map<String, @Nullable Object> run(Cell cell, Effort effort, Programs programs)
            throws IOException, InterruptedException {
        long window = windowBytes(cell.path());
        int mtu = (cell.path().mtuBytes() - HEADER_BYTES) / FRAME_ALIGNMENT * FRAME_ALIGNMENT;
        Map<String, @Nullable Object> result = MessagePrograms.run(
                OPTIONS,
                AeronMessages.class,
                words(programs, "aeron-right", mtu, window),
                words(programs, "aeron-left", mtu, window),
                cell,
                effort,
                programs);
        result.put("window_bytes", window);
        return result;
    }

    /// What is in flight at most.
    static long windowBytes(PathPoint path) {
        return path.isDirect()
                ? WINDOW_WITHOUT_DELAY_BYTES
                : Math.max(LEAST_WINDOW_BYTES, path.bandwidthDelayBytes() + path.queueBytes() / 2);
    }

    private static List<String> words(Programs programs, String folder, int mtu, long window) {
        return List.of(
                programs.serverAddress(),
                programs.clientAddress(),
                PORT,
                programs.folder().resolve(folder).toString(),
                String.valueOf(mtu),
                String.valueOf(window));
    }
}

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
package io.longhaul.core;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Opens the run code of acknowledgements to the benchmark, for which the engine has no other use.
public final class AckRuns {
    private final ReceiveWindow window;
    private final RunDecoder decoder = new RunDecoder();
    private final MemorySegment frame;
    private final int chunks;

    /// Creates a window in which every {@code spacing}-th chunk is missing.
    ///
    /// @param chunks chunks from the first hole to the newest chunk
    /// @param spacing 2 and more
    public AckRuns(Arena arena, int chunks, int spacing) {
        this.chunks = chunks;
        window = new ReceiveWindow(1 << 20, 1 << 20);
        for (int csn = 0; csn < chunks; csn++) {
            if (csn % spacing != 0) {
                window.mark(csn);
            }
        }
        frame = arena.allocate(65_536, 64);
    }

    /// Writes the runs in as many frames as it takes.
    ///
    /// @param frameBytes room of each frame for runs
    /// @return bytes of all frames
    public int encode(int frameBytes) {
        int bytes = 0;
        long base = window.cumulativeCsn();
        do {
            bytes += window.encodeRuns(base, frame, 0, frameBytes);
            base = window.runsEndCsn();
        } while (base < window.highestCsn());
        return bytes;
    }

    /// Writes and reads the runs, frame by frame.
    ///
    /// @return chunks that the reader was told to have arrived
    public long encodeAndDecode(int frameBytes) {
        long received = 0;
        long base = window.cumulativeCsn();
        do {
            final int bytes = window.encodeRuns(base, frame, 0, frameBytes);
            decoder.wrap(frame, 0, bytes, base, chunks);
            while (decoder.next()) {
                received += decoder.count();
            }
            base = window.runsEndCsn();
        } while (base < window.highestCsn());
        return received;
    }
}

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
package io.longhaul.bench.micro;

import io.longhaul.core.AckRuns;
import java.lang.foreign.Arena;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What it costs to describe a whole receive window in an acknowledgement, and to read that.
///
/// One operation = one complete snapshot of the window, in as many frames of 1,300 bytes as it takes. 14,000 chunks are
/// what
/// 10 Gb/s x 100 ms have in flight in packets of 8,900 bytes. Unit: microseconds per snapshot. Nothing may be
/// allocated.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class AckRunsBenchmark {
    private static final int FRAME_BYTES = 1300;

    /// Chunks in the window.
    @Param({"1024", "14000"})
    public int chunks;

    /// Every how manieth chunk is missing.
    @Param({"2", "100", "1000"})
    public int spacing;

    private Arena arena = Arena.ofConfined();
    private AckRuns runs = new AckRuns(arena, 2, 2);

    /// Makes the holes.
    @Setup(Level.Trial)
    public void open() {
        runs = new AckRuns(arena, chunks, spacing);
    }

    /// Frees the frame.
    @TearDown(Level.Trial)
    public void close() {
        arena.close();
        arena = Arena.ofConfined();
    }

    /// The receiver's part.
    @Benchmark
    public int encode() {
        return runs.encode(FRAME_BYTES);
    }

    /// Both parts.
    @Benchmark
    public long encodeAndDecode() {
        return runs.encodeAndDecode(FRAME_BYTES);
    }
}

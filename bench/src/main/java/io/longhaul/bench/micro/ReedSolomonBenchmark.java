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

import io.longhaul.core.fec.ErasureKernel;
import io.longhaul.core.fec.ReedSolomon;
import io.longhaul.core.fec.Shards;
import io.longhaul.core.fec.XorKernel;
import io.longhaul.endpoint.IsaLKernel;
import io.longhaul.isal.ErasureLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Encoding and decoding of a group of 128 chunks of 8,892 bytes, the copies into and out of the kernel included.
///
/// One operation = one byte of the chunks. Unit: operations per nanosecond, that is gigabytes of data per second.
/// Nothing
/// may be allocated. The kernel {@code isal} needs libisal2; without it the benchmark fails and says so.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class ReedSolomonBenchmark {
    private static final int CHUNKS = 128;
    private static final int CHUNK_BYTES = 8892;
    private static final int BYTES = CHUNKS * CHUNK_BYTES;

    /// Which kernel.
    @Param({"java", "isal"})
    public String kernel = "java";

    /// Parities; for decoding also the erasures.
    @Param({"1", "4", "8", "16"})
    public int rows = 4;

    private final Shards chunks = new Shards();
    private final Shards known = new Shards();
    private int[] missing = new int[0];
    private int[] parityRows = new int[0];
    private Arena arena = Arena.ofConfined();
    private MemorySegment parity = MemorySegment.NULL;
    private ReedSolomon codec = new ReedSolomon(new XorKernel());
    private ReedSolomon.Target repaired = new ReedSolomon.Target(MemorySegment.NULL, 0, 0);

    /// Makes a group and its parities.
    @Setup(Level.Trial)
    public void open() {
        codec = new ReedSolomon(kernel());
        final MemorySegment data = arena.allocate(BYTES, 64);
        parity = arena.allocate((long) rows * CHUNK_BYTES, 64);
        final SplittableRandom random = new SplittableRandom(1);
        for (long at = 0; at < BYTES; at++) {
            data.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
        }
        missing = new int[rows];
        parityRows = new int[rows];
        for (int i = 0; i < rows; i++) {
            missing[i] = i * (CHUNKS / rows);
            parityRows[i] = i;
        }
        for (int i = 0; i < CHUNKS; i++) {
            chunks.add(data, (long) i * CHUNK_BYTES, CHUNK_BYTES);
            if (i % (CHUNKS / rows) != 0) {
                known.add(data, (long) i * CHUNK_BYTES, CHUNK_BYTES);
            }
        }
        for (int i = 0; i < rows; i++) {
            known.add(parity, (long) i * CHUNK_BYTES, CHUNK_BYTES);
        }
        repaired = new ReedSolomon.Target(arena.allocate((long) rows * CHUNK_BYTES, 64), 0, CHUNK_BYTES);
        codec.encode(chunks, rows, CHUNK_BYTES, parity, 0, CHUNK_BYTES);
    }

    private ErasureKernel kernel() {
        if (kernel.equals("java")) {
            return new XorKernel();
        }
        ErasureLibrary.unavailable().ifPresent(reason -> {
            throw new IllegalStateException(reason);
        });
        return new IsaLKernel(arena);
    }

    /// Frees it.
    @TearDown(Level.Trial)
    public void close() {
        arena.close();
        arena = Arena.ofConfined();
    }

    /// All parities of the group.
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void encode() {
        codec.encode(chunks, rows, CHUNK_BYTES, parity, 0, CHUNK_BYTES);
    }

    /// As many missing chunks as there are parities.
    @Benchmark
    @OperationsPerInvocation(BYTES)
    public void decode() {
        codec.decode(CHUNKS, missing, parityRows, rows, known, CHUNK_BYTES, repaired);
    }
}

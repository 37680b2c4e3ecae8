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

import io.longhaul.congestion.bbr.BbrFactory;
import io.longhaul.core.SealingParameters.Suite;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

/// One packet with data through both engines, sealed and opened, or closed with a CRC32C and checked.
///
/// One operation = one packet of a write that arrives at the server, with its share of the acknowledgements, which are
/// sealed
/// too. The difference to CRC32C is what sealing and opening a packet cost, the memory that the JDK allocates included:
/// about
/// 1.1 KB each with AES-GCM. Unit: nanoseconds and bytes per packet.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class SealBenchmark {
    private static final int PACKETS = 1024;
    private static final String OPEN = "CRC32C";

    /// Largest IP packet of the path, bytes.
    @Param({"1500", "9000"})
    public int ipBytes;

    /// How packets are closed: CRC32C, or a suite.
    @Param({OPEN, "AES_128_GCM", "AES_256_GCM", "CHACHA20_POLY1305"})
    public String suite = OPEN;

    private @Nullable EnginePair pair;

    /// Joins the engines.
    @Setup(Level.Trial)
    public void open() {
        final Suite sealed = suite.equals(OPEN) ? null : Suite.valueOf(suite);
        pair = new EnginePair(new BbrFactory(), ipBytes, 1, EnginePair.Load.WRITE, 1 << 20, sealed);
    }

    /// Frees them.
    @TearDown(Level.Trial)
    public void close() {
        final EnginePair open = pair;
        if (open != null) {
            open.close();
        }
    }

    /// Sends and receives.
    @Benchmark
    @OperationsPerInvocation(PACKETS)
    public long packet() {
        final EnginePair open = pair;
        if (open == null) {
            throw new IllegalStateException("not open");
        }
        return open.exchange(PACKETS);
    }
}

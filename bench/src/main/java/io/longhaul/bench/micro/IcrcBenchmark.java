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

import io.longhaul.verbs.soft.IcrcOfPacket;
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

/// The invariant CRC of one RoCEv2 packet: headers, payload, and the correction for the IP identification.
///
/// One operation = one packet. Unit: nanoseconds per packet. Nothing may be allocated.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class IcrcBenchmark {
    /// Bytes of the IP packet; the UDP payload is 28 bytes shorter.
    @Param({"1500", "4200", "9000"})
    public int ipBytes;

    private Arena arena = Arena.ofConfined();
    private IcrcOfPacket icrc = new IcrcOfPacket(arena, 64);
    private int identification;

    /// Makes the packet.
    @Setup(Level.Trial)
    public void open() {
        icrc = new IcrcOfPacket(arena, ipBytes - 28);
    }

    /// Frees it.
    @TearDown(Level.Trial)
    public void close() {
        arena.close();
        arena = Arena.ofConfined();
    }

    /// The CRC over all bytes, and what the identification changes.
    @Benchmark
    public int compute() {
        identification = identification + 1 & 63;
        return icrc.compute() ^ icrc.difference(identification);
    }

    /// The correction alone.
    @Benchmark
    public int identification() {
        identification = identification + 1 & 63;
        return icrc.difference(identification);
    }
}

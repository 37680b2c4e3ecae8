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

/// One packet with data through both engines: cut, described, copied, summed (CRC32C), sent, checked, placed,
/// acknowledged.
///
/// One operation = one packet that arrives at the server, with its share of the acknowledgements, timers, controller
/// calls and
/// completions. No device, no system call, no waiting: both ends on one thread. Unit: nanoseconds and bytes per packet.
/// Target: below 1 byte allocated.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(3)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
public class EnginePacketBenchmark {
    private static final int PACKETS = 1024;

    /// Largest IP packet of the path, bytes.
    @Param({"1500", "9000"})
    public int ipBytes;

    /// What is done: WRITE, READ, MESSAGE or STREAM.
    @Param({"WRITE", "READ", "MESSAGE", "STREAM"})
    public String operation = "WRITE";

    /// Length of each operation, bytes: many packets, or a packet with many operations. A stream has no length.
    @Param({"131072", "1024"})
    public long operationBytes;

    /// Lanes in use.
    @Param({"1", "4"})
    public int lanes;

    private @Nullable EnginePair pair;

    /// Joins the engines.
    @Setup(Level.Trial)
    public void open() {
        pair = new EnginePair(new BbrFactory(), ipBytes, lanes, EnginePair.Load.valueOf(operation), operationBytes);
    }

    /// Frees them.
    @TearDown(Level.Trial)
    public void close() {
        final EnginePair open = pair;
        if (open != null) {
            if (open.retransmittedBytes() > 0) {
                System.err.println("retransmitted " + open.retransmittedBytes() + " bytes on a path without loss");
            }
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

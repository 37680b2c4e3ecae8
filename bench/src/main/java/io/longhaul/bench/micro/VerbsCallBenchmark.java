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

import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.WorkCompletions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// The calls of the fast path of the `ibv` device, with functions behind them that do next to nothing, and the same
/// calls from
/// a loop in C in the same process: what the way through Java costs.
///
/// Needs the library of `native/src/test/c/fake_ibverbs.c`: `bench/run-verbs` compiles it and prints a table. One
/// operation =
/// one call. Unit: nanoseconds. Nothing may be allocated.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 250, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 4, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class VerbsCallBenchmark {
    /// Calls of a loop in C.
    private static final int LOOP = 100_000;

    private static final int WARM_UP_CALLS = 200_000;

    private FakeVerbsDevice fake = FakeVerbsDevice.CLOSED;

    /// Opens the device.
    @Setup(Level.Trial)
    public void open() {
        fake = FakeVerbsDevice.open();
        long taken = 0;
        // By number and not by time: on a busy machine, time passes before anything is compiled.
        for (int i = 0; i < WARM_UP_CALLS; i++) {
            taken += postSendJava() + postSendDatagramJava() + postReceiveJava() + pollJava();
        }
        if (taken < WARM_UP_CALLS) {
            throw new IllegalStateException("the calls do nothing");
        }
    }

    /// Closes it.
    @TearDown(Level.Trial)
    public void close() {
        fake.close();
    }

    /// `ibv_post_send` of one prepared request, through {@link QueuePair#postSend}, on a connected queue pair.
    @Benchmark
    public int postSendJava() {
        return fake.connected().postSend(fake.sends(), 0, 1);
    }

    /// The same on a datagram queue pair, whose address handles are checked.
    @Benchmark
    public int postSendDatagramJava() {
        return fake.datagram().postSend(fake.datagramSends(), 0, 1);
    }

    /// `ibv_post_recv` of one prepared request, through {@link QueuePair#postReceive}.
    @Benchmark
    public int postReceiveJava() {
        ReceiveRequests receives = fake.receives();
        return fake.connected().postReceive(receives, 0, 1);
    }

    /// `ibv_poll_cq` of one completion, through {@link CompletionQueue#poll}, and its id.
    @Benchmark
    public long pollJava() {
        WorkCompletions completions = fake.completions();
        int taken = fake.queue().poll(completions, 1);
        return taken + completions.id(0);
    }

    /// `ibv_post_send` of one prepared request, in C.
    @Benchmark
    @OperationsPerInvocation(LOOP)
    public long postSendC() {
        return fake.loop(FakeVerbsDevice.Loop.POST_SEND, LOOP);
    }

    /// `ibv_post_recv` of one prepared request, in C.
    @Benchmark
    @OperationsPerInvocation(LOOP)
    public long postReceiveC() {
        return fake.loop(FakeVerbsDevice.Loop.POST_RECV, LOOP);
    }

    /// `ibv_poll_cq` of one completion, and its id, in C.
    @Benchmark
    @OperationsPerInvocation(LOOP)
    public long pollC() {
        return fake.loop(FakeVerbsDevice.Loop.POLL_CQ, LOOP);
    }
}

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
package io.longhaul.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Runs a parser over changed inputs: bits and bytes, extreme numbers, cuts, additions, repetitions, and pieces of
/// other
/// inputs. An input with an outcome that was not seen before is kept and changed further.
///
/// {@code -Dlonghaul.fuzz=10000000} sets the executions of each parser, {@code -Dlonghaul.seed=N} the seed. An input
/// that
/// allocates more than 1 MiB or takes more than 5 ms of processor time, three times in a row, fails.
public final class Fuzzer {
    private static final long EXECUTIONS = Long.getLong("longhaul.fuzz", 200_000);
    private static final long SEED = Long.getLong("longhaul.seed", 1);
    private static final int BATCH = 32;
    private static final int MOST_KEPT = 2_000;
    private static final int LONGEST = 20_000;
    private static final long MOST_BYTES = 1 << 20;
    private static final long MOST_NANOS = 5_000_000;
    private static final long[] EXTREMES = {
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        32_767,
        65_535,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 32,
        1L << 48,
        1L << 62,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    /// What is tried.
    @FunctionalInterface
    public interface Target {
        /// Takes an input; may keep nothing of it.
        ///
        /// @return a number for what came of it: equal for inputs that are treated alike
        int accept(byte[] input) throws Exception;
    }

    private final String name;
    private final Target target;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<byte[]> kept = new ArrayList<>();
    private final Set<Integer> outcomes = new HashSet<>();
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final byte[][] batch = new byte[BATCH][];
    private long mostBytes = MOST_BYTES;
    private long mostNanos = MOST_NANOS;

    /// @param corpus inputs to begin with, one or more
    public Fuzzer(String name, List<byte[]> corpus, Target target) {
        this.name = name;
        this.target = target;
        kept.addAll(corpus);
    }

    /// Sets what an input may allocate, and how much processor time it may take, for targets that are no parsers.
    public Fuzzer allowing(long bytes, long nanos) {
        mostBytes = bytes;
        mostNanos = nanos;
        return this;
    }

    /// Runs as often as it was told.
    ///
    /// @param divisor of the executions, for what is slow by nature
    public void run(int divisor) {
        for (final byte[] each : List.copyOf(kept)) {
            execute(each);
        }
        for (long done = 0; done < EXECUTIONS / divisor; done += BATCH) {
            for (int i = 0; i < BATCH; i++) {
                batch[i] = changed();
            }
            final long bytes = threads.getCurrentThreadAllocatedBytes();
            final long nanos = threads.getCurrentThreadCpuTime();
            for (final byte[] each : batch) {
                execute(each);
            }
            if (threads.getCurrentThreadAllocatedBytes() - bytes > mostBytes
                    || threads.getCurrentThreadCpuTime() - nanos > mostNanos) {
                searchBatch();
            }
        }
        System.out.println(name + ": " + EXECUTIONS / divisor + " executions, seed " + SEED + ", " + outcomes.size()
                + " outcomes, " + kept.size() + " inputs kept");
    }

    private void execute(byte[] input) {
        try {
            if (outcomes.add(target.accept(input)) && kept.size() < MOST_KEPT) {
                kept.add(input);
            }
        } catch (Exception | AssertionError | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError(
                    name + ", seed " + SEED + ", input " + HexFormat.of().formatHex(input) + ": " + e, e);
        }
    }

    // One of them may be slow or greedy; a compiler or collector at work is not.
    private void searchBatch() {
        for (final byte[] each : batch) {
            int bad = 0;
            long bytes = 0;
            long nanos = 0;
            for (int i = 0; i < 3; i++) {
                final long bytesBefore = threads.getCurrentThreadAllocatedBytes();
                final long nanosBefore = threads.getCurrentThreadCpuTime();
                execute(each);
                bytes = threads.getCurrentThreadAllocatedBytes() - bytesBefore;
                nanos = threads.getCurrentThreadCpuTime() - nanosBefore;
                bad += bytes > mostBytes || nanos > mostNanos ? 1 : 0;
            }
            if (bad == 3) {
                throw new AssertionError(name + ", seed " + SEED + ": " + bytes + " bytes and " + nanos
                        + " ns for the input " + HexFormat.of().formatHex(each));
            }
        }
    }

    private byte[] changed() {
        byte[] input = kept.get(random.nextInt(kept.size())).clone();
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
            input = change(input);
        }
        return input.length > LONGEST ? java.util.Arrays.copyOf(input, LONGEST) : input;
    }

    private byte[] change(byte[] input) {
        if (input.length == 0) {
            return new byte[1 + random.nextInt(8)];
        }
        final int at = random.nextInt(input.length);
        switch (random.nextInt(8)) {
            case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> input[at] = (byte) random.nextInt();
            case 2, 3 -> putNumber(input, at, EXTREMES[random.nextInt(EXTREMES.length)] + random.nextInt(-1, 2));
            case 4 -> {
                return java.util.Arrays.copyOf(input, at);
            }
            case 5 -> {
                final byte[] longer = java.util.Arrays.copyOf(input, input.length + 1 + random.nextInt(64));
                for (int i = input.length; i < longer.length; i++) {
                    longer[i] = (byte) random.nextInt();
                }
                return longer;
            }
            case 6 -> {
                return spliced(input, at, kept.get(random.nextInt(kept.size())));
            }
            default -> {
                final int length = Math.min(1 + random.nextInt(16), input.length - at);
                System.arraycopy(input, at, input, random.nextInt(input.length - length + 1), length);
            }
        }
        return input;
    }

    private void putNumber(byte[] input, int at, long value) {
        final int bytes = Math.min(1 << random.nextInt(4), input.length - at);
        for (int i = 0; i < bytes; i++) {
            input[at + i] = (byte) (value >>> 8 * (bytes - 1 - i));
        }
    }

    private byte[] spliced(byte[] head, int at, byte[] other) {
        final int from = random.nextInt(other.length + 1);
        final byte[] result = java.util.Arrays.copyOf(head, at + other.length - from);
        System.arraycopy(other, from, result, at, other.length - from);
        return result;
    }
}

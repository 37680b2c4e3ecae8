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
package io.longhaul.bench.link;

import io.longhaul.linux.Libc;
import io.longhaul.linux.Poller;
import io.longhaul.verbs.soft.LinkCounters;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Carries packets between two TUN devices, in both directions, on a thread of its own that goes before all others.
///
/// What arrives is written at the next tick of 50 us at the latest, and what is read was sent at most a tick before: a
/// thread that woke for each packet would need a core of its own at 2 Gb/s. While nothing is on the way it sleeps until
/// something comes.
///
/// Threading: any thread, unless a method says otherwise.
public final class LinkThread implements AutoCloseable {
    private static final long TICK_NANOS = 50_000;
    private static final long LONGEST_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int READS_AT_A_TIME = 32;
    private static final int PRIORITY = 10;
    private static final int PRIORITY_OF_THE_REST = 5;

    private final Arena arena;
    private final Thread thread;
    private final TunDevice[] devices;
    private final SegmentedLink[] links; // [i]: from device i to the other
    private final Poller poller;
    private final Poller nothing;
    private volatile boolean stopped;
    private volatile boolean realTime;
    private volatile @Nullable Throwable failure;
    private volatile long refusedWrites;
    private volatile long latestNanos;

    /// Starts to carry. The devices must be up by the time of the first packet.
    ///
    /// @param first the device of one side; this object closes it
    /// @param second that of the other
    /// @param there the link from the first to the second
    /// @param back the link from the second to the first
    public LinkThread(TunDevice first, TunDevice second, WireConfig there, WireConfig back) {
        arena = Arena.ofShared();
        Libc.CallState state = new Libc.CallState(arena);
        devices = new TunDevice[] {first, second};
        long now = System.nanoTime();
        links = new SegmentedLink[] {new SegmentedLink(arena, there, now), new SegmentedLink(arena, back, now)};
        poller = new Poller(arena, state, first.fd(), second.fd());
        nothing = new Poller(arena, state);
        thread = new Thread(this::run, "link");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            goBeforeOthers();
            long lastTick = System.nanoTime();
            while (!stopped) {
                boolean worked = false;
                for (int i = 0; i < 2; i++) {
                    worked |= read(i);
                    worked |= write(i);
                }
                long now = System.nanoTime();
                long next = Math.min(links[0].nextNanos(), links[1].nextNanos());
                long untilTick = lastTick + TICK_NANOS - now;
                if (untilTick > 0) {
                    nothing.poll(untilTick);
                } else if (!worked) {
                    poller.poll(Math.clamp(next - now, 0, LONGEST_SLEEP_NANOS));
                }
                lastTick = System.nanoTime();
            }
        } catch (RuntimeException | Error e) {
            failure = e;
        } finally {
            for (TunDevice each : devices) {
                each.close();
            }
        }
    }

    private boolean read(int i) {
        SegmentedLink link = links[i];
        for (int count = 0; count < READS_AT_A_TIME; count++) {
            long room = link.room();
            if (room < 0) {
                return true;
            }
            int length = devices[i].read(link.memory(), room, SegmentedLink.LONGEST_READ_BYTES);
            if (length <= 0) {
                return count > 0;
            }
            link.offer(System.nanoTime(), length);
        }
        return true;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    private boolean write(int i) {
        SegmentedLink link = links[i];
        long now = System.nanoTime();
        long due = link.nextNanos();
        if (due == SegmentedLink.NEVER || due - now > 0) {
            return false;
        }
        if (now - due > latestNanos) {
            latestNanos = now - due;
        }
        while (link.poll(now)) {
            int written = devices[1 - i].write(
                    link.headers(), link.headerBytes(), link.memory(), link.payloadOffset(), link.payloadBytes());
            if (written < 0) {
                refusedWrites++;
            }
            link.done();
        }
        return true;
    }

    /// A thread that is held up holds up the link. The other threads of the JVM must not wait for the
    /// processors either, since this one waits for them at safepoints. What this process starts is not concerned.
    private void goBeforeOthers() {
        try {
            // /proc/PID/task/TID
            Path self = Files.readSymbolicLink(Path.of("/proc/thread-self"));
            String id = String.valueOf(self.getFileName());
            Files.writeString(Path.of("/proc", id, "timerslack_ns"), "1");
            String process = String.valueOf(ProcessHandle.current().pid());
            chrt("--all-tasks", "--reset-on-fork", "--fifo", "-p", String.valueOf(PRIORITY_OF_THE_REST), process);
            realTime = chrt("--reset-on-fork", "--fifo", "-p", String.valueOf(PRIORITY), id);
        } catch (IOException e) {
            realTime = false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean chrt(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("chrt"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    /// Whether the kernel lets the thread go before all others; without it, a busy machine makes the link uneven.
    public boolean isRealTime() {
        return realTime;
    }

    /// What one direction did.
    ///
    /// @param direction 0 from the first device to the second, 1 back
    public LinkCounters counters(int direction) {
        return links[direction].counters();
    }

    /// How late anything was written since the last call of this method.
    public long takeLatestNanos() {
        long latest = latestNanos;
        latestNanos = 0;
        return latest;
    }

    /// How many packets the kernel did not take: none on a link that works.
    public long refusedWrites() {
        return refusedWrites;
    }

    /// The processor time of the thread so far; with it comes what the kernel does when it receives a packet.
    public long cpuNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return Math.max(0, threads.getThreadCpuTime(thread.threadId()));
    }

    /// Throws what ended the thread, if anything has.
    public void check() {
        Throwable reason = failure;
        if (reason != null) {
            throw new IllegalStateException("the emulated link has failed: " + reason, reason);
        }
    }

    @Override
    public void close() {
        stopped = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        arena.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

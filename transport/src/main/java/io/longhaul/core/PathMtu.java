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

/// Finds the largest packet that the path carries, and notices when it shrinks (RFC 8899).
///
/// At the start every candidate size is probed at once, twice: one round trip decides. Later a lost probe says nothing
/// about
/// congestion. When tail probes fail repeatedly, the base size and the present size are probed side by side; if only
/// the
/// small ones come back, the size falls to the base and is searched again.
final class PathMtu {
    private static final int[] IP_SIZES = {9000, 4200, 1500, 1400, 1280};
    private static final int INITIAL_COPIES = 2;
    private static final int SEARCH_ROUNDS = 3;
    private static final int BLACK_HOLE_ANSWERS = 2;
    private static final long RAISE_NANOS = 600_000_000_000L;
    private static final long FIRST_RETRY_NANOS = 250_000_000L;
    private static final long SETTLE_MIN_NANOS = 2_000_000L;

    private final int[] sizes; // [candidate], bytes of our packet, descending; the last is the base
    private final int[] copies; // [candidate], probes still to be sent
    private int current;
    private int limit;
    private int confirmed;
    private int round;
    private long firstAnswerNanos;
    private long retryNanos;
    private boolean settled;
    private int suspectAnswers;
    private boolean suspecting;

    PathMtu(EngineConfig config) {
        final int[] found = new int[IP_SIZES.length + 2];
        int count = 0;
        found[count++] = config.maxPacketBytes();
        for (final int ip : IP_SIZES) {
            final int size = ip - config.lowerHeaderBytes();
            if (size < found[count - 1] && size > config.basePacketBytes()) {
                found[count++] = size;
            }
        }
        if (config.basePacketBytes() < found[count - 1]) {
            found[count++] = config.basePacketBytes();
        }
        sizes = java.util.Arrays.copyOf(found, count);
        copies = new int[count];
        current = config.basePacketBytes();
        limit = config.maxPacketBytes();
        java.util.Arrays.fill(copies, INITIAL_COPIES);
    }

    /// Largest packet now, bytes.
    int packetBytes() {
        return current;
    }

    /// True once the first search has ended.
    boolean isSettled() {
        return settled;
    }

    /// Size of the next probe, or 0 when none is due.
    int nextProbe() {
        for (int i = sizes.length - 1; i >= 0; i--) {
            if (copies[i] > 0 && sizes[i] <= limit) {
                return sizes[i];
            }
        }
        return 0;
    }

    void onProbeSent(int bytes) {
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] == bytes && copies[i] > 0) {
                copies[i]--;
            }
        }
    }

    /// A probe was answered.
    void onAnswer(long nowNanos, int bytes, long rttNanos) {
        if (suspecting) {
            onSuspectAnswer(nowNanos, bytes, rttNanos);
        }
        if (bytes > limit) {
            return;
        }
        if (bytes > confirmed) {
            confirmed = bytes;
        }
        current = Math.max(current, Math.min(bytes, limit));
        if (firstAnswerNanos == 0) {
            firstAnswerNanos = nowNanos;
            retryNanos = nowNanos + Math.max(SETTLE_MIN_NANOS, rttNanos / 2);
        }
        if (confirmed >= Math.min(limit, sizes[0])) {
            settle(nowNanos);
        }
    }

    private void onSuspectAnswer(long nowNanos, int bytes, long rttNanos) {
        if (bytes >= current) {
            suspecting = false;
        } else if (++suspectAnswers >= BLACK_HOLE_ANSWERS) {
            suspecting = false;
            current = sizes[sizes.length - 1];
            confirmed = current;
            settled = true;
            search(nowNanos, rttNanos);
        }
    }

    private void search(long nowNanos, long rttNanos) {
        round = 0;
        for (int i = 0; i < sizes.length; i++) {
            copies[i] = sizes[i] > current && sizes[i] <= limit ? 1 : 0;
        }
        retryNanos = nowNanos + Math.max(SETTLE_MIN_NANOS, 2 * rttNanos);
    }

    private void settle(long nowNanos) {
        settled = true;
        retryNanos = nowNanos + RAISE_NANOS;
        java.util.Arrays.fill(copies, 0);
    }

    /// The device or the path refused a packet of this size.
    void onTooLarge(int bytes) {
        if (bytes > sizes[sizes.length - 1] && bytes <= limit) {
            limit = bytes - 1;
            int best = sizes[sizes.length - 1];
            for (final int size : sizes) {
                if (size <= limit && size <= Math.max(confirmed, best)) {
                    best = Math.max(best, size);
                }
            }
            current = Math.min(current, best);
            confirmed = Math.min(confirmed, limit);
        }
    }

    /// Tail probes have failed twice: compare the present size with the base.
    void onProbeTimeout() {
        final int base = sizes[sizes.length - 1];
        if (settled && current > base) {
            if (!suspecting) {
                suspectAnswers = 0;
            }
            suspecting = true;
            for (int i = 0; i < sizes.length; i++) {
                copies[i] = sizes[i] == current || sizes[i] == base ? 1 : copies[i];
            }
        }
    }

    /// A full-size packet was acknowledged: the path is fine.
    void onProgress() {
        suspecting = false;
    }

    /// Time at which {@link #onTimeout} is due.
    long dueNanos(long startNanos) {
        return firstAnswerNanos == 0 && retryNanos == 0 ? startNanos + FIRST_RETRY_NANOS : retryNanos;
    }

    void onTimeout(long nowNanos, long rttNanos) {
        if (firstAnswerNanos == 0) {
            // Nothing answered yet: ask again, all sizes.
            java.util.Arrays.fill(copies, 1);
            retryNanos = nowNanos + FIRST_RETRY_NANOS;
        } else if (!settled) {
            settle(nowNanos);
        } else if (confirmed < Math.min(limit, sizes[0]) && round < SEARCH_ROUNDS) {
            round++;
            for (int i = 0; i < sizes.length; i++) {
                copies[i] = sizes[i] > current && sizes[i] <= limit ? 1 : 0;
            }
            retryNanos = nowNanos + Math.max(SETTLE_MIN_NANOS, 2 * rttNanos);
        } else {
            round = 0;
            retryNanos = nowNanos + RAISE_NANOS;
        }
    }
}

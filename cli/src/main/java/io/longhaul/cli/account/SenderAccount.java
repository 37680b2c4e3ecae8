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
package io.longhaul.cli.account;

import io.longhaul.ConnectionStatistics;
import io.longhaul.ConnectionStatistics.Limit;
import io.longhaul.ConnectionStatistics.ResendCause;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a sender counted over a time.
///
/// @param limitedNanos for how long each limit held it back; every limit is there
/// @param resentBytes application bytes sent again for each cause; every cause is there
/// @param needlessBytes those of them that had arrived before
/// @param parityBytes bytes of parity and copies
public record SenderAccount(
        Map<Limit, Long> limitedNanos, Map<ResendCause, Long> resentBytes, long needlessBytes, long parityBytes) {
    private static final double SHOWN_PERCENT = 0.5;

    /// Completes the maps.
    public SenderAccount {
        limitedNanos = complete(Limit.class, limitedNanos);
        resentBytes = complete(ResendCause.class, resentBytes);
    }

    private static <E extends Enum<E>> Map<E, Long> complete(Class<E> type, Map<E, Long> given) {
        final EnumMap<E, Long> result = new EnumMap<>(type);
        for (E each : type.getEnumConstants()) {
            result.put(each, given.getOrDefault(each, 0L));
        }
        return java.util.Collections.unmodifiableMap(result);
    }

    /// Nothing counted.
    public static SenderAccount none() {
        return new SenderAccount(Map.of(), Map.of(), 0, 0);
    }

    /// All that a connection has counted.
    public static SenderAccount of(ConnectionStatistics statistics) {
        return new SenderAccount(
                statistics.limitedNanos(),
                statistics.resentBytes(),
                statistics.needlessBytes(),
                statistics.parityBytes());
    }

    /// What was counted after an earlier account of the same sender. What was sent again before it and turned out
    /// needless
    /// after it is left out.
    public SenderAccount since(SenderAccount earlier) {
        final SenderAccount all = combined(earlier, -1);
        return new SenderAccount(
                all.limitedNanos,
                all.resentBytes,
                Math.min(all.needlessBytes, all.retransmittedBytes()),
                all.parityBytes);
    }

    /// Both together.
    public SenderAccount plus(SenderAccount other) {
        return combined(other, 1);
    }

    private SenderAccount combined(SenderAccount other, int sign) {
        final EnumMap<Limit, Long> limits = new EnumMap<>(Limit.class);
        limitedNanos.forEach((limit, nanos) -> limits.put(limit, nanos + sign * other.limitedNanos(limit)));
        final EnumMap<ResendCause, Long> causes = new EnumMap<>(ResendCause.class);
        resentBytes.forEach((cause, bytes) -> causes.put(cause, bytes + sign * other.resentBytes(cause)));
        return new SenderAccount(
                limits, causes, needlessBytes + sign * other.needlessBytes, parityBytes + sign * other.parityBytes);
    }

    /// For how long a limit held it back, nanoseconds.
    public long limitedNanos(Limit limit) {
        return limitedNanos.getOrDefault(limit, 0L);
    }

    /// Application bytes sent again for a cause.
    public long resentBytes(ResendCause cause) {
        return resentBytes.getOrDefault(cause, 0L);
    }

    /// Application bytes sent again.
    public long retransmittedBytes() {
        return sum(resentBytes);
    }

    private static long sum(Map<?, Long> values) {
        return values.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Share of the time in which a limit held the sender back, 0..1; they sum up to 1, or are all 0 when no time
    /// passed.
    public double share(Limit limit) {
        final long total = sum(limitedNanos);
        return total <= 0 ? 0 : (double) limitedNanos(limit) / total;
    }

    /// Name of a limit or cause in JSON: {@code congestion_window}.
    public static String key(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /// Lines for people: what held it back, greatest share first, and why bytes were sent again, if there were any.
    public List<String> lines() {
        final List<String> lines = new ArrayList<>();
        lines.add("held back by: " + shares(limitedNanos));
        if (retransmittedBytes() > 0) {
            lines.add("sent again because of: " + shares(resentBytes)
                    + String.format(Locale.ROOT, "; needlessly %.1f %%", 100.0 * needlessBytes / retransmittedBytes()));
        }
        return lines;
    }

    private static String shares(Map<? extends Enum<?>, Long> values) {
        final long total = sum(values);
        final List<String> parts = new ArrayList<>();
        values.entrySet().stream()
                .sorted(Comparator.comparingLong(each -> -each.getValue()))
                .filter(each -> 100.0 * each.getValue() >= SHOWN_PERCENT * total && each.getValue() > 0)
                .forEach(each -> parts.add(String.format(
                        Locale.ROOT,
                        "%s %.0f %%",
                        key(each.getKey()).replace('_', ' '),
                        100.0 * each.getValue() / total)));
        return parts.isEmpty() ? "nothing" : String.join(", ", parts);
    }
}

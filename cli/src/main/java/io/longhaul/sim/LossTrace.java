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
package io.longhaul.sim;

import java.util.ArrayList;
import java.util.List;

/// Losses as they were seen somewhere, packet by packet, replayed from the start when they end.
///
/// The text form is a list of numbers of packets, parted by white space: so many arrive, so many are lost, and so on in
/// turn; `#` starts a comment. `1000 3 500 1` loses 4 packets of 1504.
public final class LossTrace {
    private final long[] runs; // [run], packets; even ones arrive, odd ones are lost
    private int run;
    private long used;

    private LossTrace(long[] runs) {
        this.runs = runs;
    }

    /// Parses a trace.
    ///
    /// @throws IllegalArgumentException when it is no list of an even number of packets, or loses all of them
    public static LossTrace parse(String text) {
        final List<Long> numbers = new ArrayList<>();
        for (String line : text.split("\\R", -1)) {
            final int comment = line.indexOf('#');
            for (String word : (comment < 0 ? line : line.substring(0, comment)).split("\\s+", -1)) {
                if (!word.isEmpty()) {
                    if (!word.matches("[0-9]{1,18}")) {
                        throw new IllegalArgumentException("'" + word + "' is no number of packets");
                    }
                    numbers.add(Long.parseLong(word));
                }
            }
        }
        if (numbers.isEmpty() || numbers.size() % 2 != 0) {
            throw new IllegalArgumentException("a trace of losses is pairs of numbers, packets that arrive and packets"
                    + " that are lost; there are " + numbers.size() + " numbers");
        }
        final long[] runs = numbers.stream().mapToLong(Long::longValue).toArray();
        long arrived = 0;
        for (int i = 0; i < runs.length; i += 2) {
            arrived += runs[i];
        }
        if (arrived == 0) {
            throw new IllegalArgumentException("a trace that loses every packet carries nothing");
        }
        return new LossTrace(runs);
    }

    /// A replay of its own, from the start.
    public LossTrace start() {
        return new LossTrace(runs);
    }

    /// Share of the packets that are lost.
    public double lossFraction() {
        double arrived = 0;
        double lost = 0;
        for (int i = 0; i < runs.length; i += 2) {
            arrived += runs[i];
            lost += runs[i + 1];
        }
        return lost / (arrived + lost);
    }

    /// Takes the next packet.
    boolean isLost() {
        while (used == runs[run]) {
            run = (run + 1) % runs.length;
            used = 0;
        }
        used++;
        return run % 2 != 0;
    }
}

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
package io.longhaul.interop;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.soft.SoftDevice;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/// Sends every kind of message between the software device and another one, both ways, and makes a row of each.
///
/// Threading: one thread.
final class WireMatrix {
    private static final int[] SINGLE = {0, 5, 9, 256, 1024, 4096};
    private static final int[] SEVERAL = {1025, 4096, 10_000};
    private static final int LONGEST = 65_536;
    private static final int LARGE_MTU = 4096;
    private static final int SMALL_MTU = 1024;
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private final SoftDevice soft;
    private final InetAddress softAddress;
    private final RdmaDevice verbs;
    private final InetAddress verbsAddress;
    private final String offload;
    private final List<InteropRow> rows = new ArrayList<>();
    private int seed = 1;

    WireMatrix(SoftDevice soft, RdmaDevice verbs, InetAddress verbsAddress) {
        this.soft = soft;
        this.softAddress = soft.localAddress();
        this.verbs = verbs;
        this.verbsAddress = verbsAddress;
        offload = soft.isBatched() ? "segmentation offload" : "no offload";
    }

    /// All rows.
    List<InteropRow> run() {
        pair(QueuePair.Type.UC, false, "UC SEND", LARGE_MTU, plain(), SINGLE);
        pair(QueuePair.Type.UC, false, "UC SEND of several packets", SMALL_MTU, plain(), SEVERAL);
        pair(QueuePair.Type.UC, false, "UC SEND of several packets", LARGE_MTU, plain(), LONGEST);
        pair(QueuePair.Type.UC, true, "UC WRITE WITH IMMEDIATE", LARGE_MTU, plain(), SINGLE);
        pair(QueuePair.Type.UD, false, "UD SEND", LARGE_MTU, plain(), SINGLE);
        pair(
                QueuePair.Type.UD,
                false,
                "UD SEND with DSCP 10, flow label, hop limit 9",
                LARGE_MTU,
                new AddressVector(softAddress, AddressVector.ROCE_UDP_PORT, 0x28, 0xabcde, 9),
                256);
        return rows;
    }

    private AddressVector plain() {
        return AddressVector.of(softAddress, AddressVector.ROCE_UDP_PORT);
    }

    private void pair(
            QueuePair.Type type, boolean write, String what, int pathMtuBytes, AddressVector toSoft, int... sizes) {
        try (WireEnd softEnd = new WireEnd(soft, softAddress, type);
                WireEnd verbsEnd = new WireEnd(verbs, verbsAddress, type)) {
            final AddressVector toVerbs = new AddressVector(
                    verbsAddress,
                    AddressVector.ROCE_UDP_PORT,
                    toSoft.trafficClass(),
                    toSoft.flowLabel(),
                    toSoft.hopLimit());
            softEnd.connect(verbsEnd, toVerbs, pathMtuBytes);
            verbsEnd.connect(softEnd, toSoft, pathMtuBytes);
            boolean working = true;
            for (int size : sizes) {
                // After a failure the queues are not what they should be: the rest would say nothing.
                working = working && row(what, "software -> Soft-RoCE", size, exchange(softEnd, verbsEnd, write, size));
                working = working && row(what, "Soft-RoCE -> software", size, exchange(verbsEnd, softEnd, write, size));
            }
        }
    }

    private boolean row(String what, String direction, int size, String result) {
        final String version = softAddress instanceof Inet6Address ? "IPv6" : "IPv4";
        final InteropRow row =
                new InteropRow("software device (" + offload + "), Soft-RoCE", what, direction, version, size, result);
        System.out.println(row.line());
        rows.add(row);
        return row.works();
    }

    private String exchange(WireEnd from, WireEnd to, boolean write, int size) {
        final int first = seed;
        seed += WireEnd.MESSAGES;
        to.expect(size);
        from.send(to, write, size, first);
        int arrived = 0;
        boolean sent = false;
        final long start = System.nanoTime();
        while (arrived < WireEnd.MESSAGES || !sent) {
            final int sends = from.poll();
            for (int i = 0; i < sends; i++) {
                if (!from.completions().isSuccess(i)) {
                    return "failed: the send completed as " + from.completions().status(i);
                }
                sent = true;
            }
            final int count = to.poll();
            for (int i = 0; i < count; i++, arrived++) {
                final WorkCompletions completions = to.completions();
                final String fault = completions.isSuccess(i)
                        ? to.fault(i, from, write, arrived, size, first)
                        : "completed as " + completions.status(i);
                if (!fault.isEmpty()) {
                    return "failed: " + fault;
                }
            }
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                return "failed: " + arrived + " of " + WireEnd.MESSAGES + " came; " + soft.counters();
            }
        }
        return InteropRow.WORKS + ", " + arrived + " messages";
    }
}

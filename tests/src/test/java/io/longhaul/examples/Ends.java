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
package io.longhaul.examples;

import io.longhaul.verbs.AddressVector;
import io.longhaul.verbs.CompletionQueue;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.RdmaDevice;
import io.longhaul.verbs.WorkCompletions;
import io.longhaul.verbs.ibv.IbvDeviceConfig;
import io.longhaul.verbs.ibv.IbvDeviceProvider;
import io.longhaul.verbs.soft.SoftDeviceConfig;
import io.longhaul.verbs.soft.SoftDeviceProvider;
import java.net.InetAddress;

/// What every example does: opens the device of an end, says where its queue pair is, waits.
final class Ends {
    private static final long PATIENCE_NANOS = 10_000_000_000L;

    private Ends() {}

    /// Opens the device of end 0 or 1.
    static RdmaDevice open(String[] arguments, int end) {
        if (arguments.length == 0) {
            return new SoftDeviceProvider(
                            SoftDeviceConfig.builder(address(arguments, end)).build())
                    .open();
        }
        IbvDeviceConfig config = IbvDeviceConfig.DEFAULT.withLocalAddress(address(arguments, end));
        return new IbvDeviceProvider(config).open(arguments[2 * end]);
    }

    /// Where packets for a queue pair of end 0 or 1 go.
    static AddressVector vector(String[] arguments, int end, QueuePair qp) {
        return AddressVector.of(address(arguments, end), qp.udpPort());
    }

    /// Waits for one completion.
    static WorkCompletions await(CompletionQueue queue, WorkCompletions completions) {
        long start = System.nanoTime();
        while (queue.poll(completions, 1) == 0) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IllegalStateException("nothing completed for 10 s");
            }
        }
        if (!completions.isSuccess(0)) {
            throw new IllegalStateException("completed as " + completions.status(0));
        }
        return completions;
    }

    private static InetAddress address(String[] arguments, int end) {
        return InetAddress.ofLiteral(arguments.length == 0 ? "127.0.0.1" : arguments[2 * end + 1]);
    }
}

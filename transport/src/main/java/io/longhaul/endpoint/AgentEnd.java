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
package io.longhaul.endpoint;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The end of an agent, for those who wait for it.
///
/// Threading: any thread.
final class AgentEnd {
    private final CountDownLatch reached = new CountDownLatch(1);

    /// The agent has ended.
    void reach() {
        reached.countDown();
    }

    /// Waits until the agent has ended. Interrupts are kept for later.
    ///
    /// @return false when it did not end in time
    boolean await(long timeoutMillis) {
        boolean interrupted = false;
        boolean inTime = false;
        final long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (true) {
            try {
                inTime = reached.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return inTime;
    }
}

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

import io.longhaul.ExposedRegion;
import io.longhaul.core.Region;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// An exposed region in the application's hands.
final class EndpointRegion implements ExposedRegion {
    private static final long REMIND_MILLIS = 50;

    private final Region region;
    private final Runnable touchAgents;
    private final BooleanSupplier isAgentThread;
    private final CountDownLatch quiesced = new CountDownLatch(1);

    /// Creates it.
    ///
    /// @param touchAgents has the engines that may be using the region look at it
    /// @param isAgentThread true on a thread that must not wait for an agent
    EndpointRegion(Region region, Runnable touchAgents, BooleanSupplier isAgentThread) {
        this.region = region;
        this.touchAgents = touchAgents;
        this.isAgentThread = isAgentThread;
    }

    @Override
    public String name() {
        return region.name();
    }

    @Override
    public long length() {
        return region.length();
    }

    /// Waits for the agents, whatever happens: the caller may free the memory afterwards.
    ///
    /// @throws IllegalStateException on an agent's thread, while a read of the region is being answered: the region
    ///     is revoked, but call again from another thread before the memory is freed
    @Override
    public void revoke() {
        region.beginRevoke(quiesced::countDown);
        if (region.isQuiesced()) {
            return;
        }
        if (isAgentThread.getAsBoolean()) {
            throw new IllegalStateException(
                    "region \"" + name() + "\" is still being read; revoke it from another thread");
        }
        boolean interrupted = false;
        while (!region.isQuiesced()) {
            touchAgents.run();
            try {
                quiesced.await(REMIND_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

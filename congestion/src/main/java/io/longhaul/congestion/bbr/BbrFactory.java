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
package io.longhaul.congestion.bbr;

import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;
import java.util.concurrent.atomic.AtomicLong;

/// Makes {@link BbrController}s. Each gets a seed of its own, so that connections do not probe in step; the seeds
/// follow
/// from the factory's seed and the order of creation, and nothing else.
///
/// Threading: any thread may create.
public final class BbrFactory implements CongestionControllerFactory {
    /// Name under which the controller is chosen.
    public static final String NAME = "bbr";

    private final AtomicLong nextSeed;

    /// Creates a factory with seed 0.
    public BbrFactory() {
        this(0);
    }

    /// Creates a factory.
    ///
    /// @param seed seed of the first controller; later ones count on from it
    public BbrFactory(long seed) {
        nextSeed = new AtomicLong(seed);
    }

    @Override
    public CongestionController create(CongestionConfig config) {
        return new BbrController(config, nextSeed.getAndIncrement());
    }

    @Override
    public String name() {
        return NAME;
    }
}

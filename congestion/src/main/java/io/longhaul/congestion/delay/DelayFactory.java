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
package io.longhaul.congestion.delay;

import io.longhaul.congestion.CongestionConfig;
import io.longhaul.congestion.CongestionController;
import io.longhaul.congestion.CongestionControllerFactory;

/// Makes {@link DelayController}s.
///
/// Threading: any thread may create.
public final class DelayFactory implements CongestionControllerFactory {
    /// Name under which the controller is chosen.
    public static final String NAME = "delay";

    /// Creates a factory.
    public DelayFactory() {}

    @Override
    public CongestionController create(CongestionConfig config) {
        return new DelayController(config);
    }

    @Override
    public String name() {
        return NAME;
    }
}

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
package io.longhaul.cli;

import io.longhaul.cli.HealthCheck.Finding;
import io.longhaul.cli.HealthCheck.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// Looks for limits and settings that would hold this machine back.
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Look for limits and settings that would hold this machine back, each with its remedy.",
            "Exit status 1 only when something makes it impossible to work."
        })
final class DoctorCommand implements Callable<Integer> {
    @Mixin
    OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        final List<Finding> findings = new HealthCheck().run();
        final List<Json> rows = new ArrayList<>();
        for (Finding each : findings) {
            output.line(String.format(Locale.ROOT, "%-5s %-22s %s", each.level(), each.name(), each.value()));
            if (!each.remedy().isEmpty()) {
                output.line(" ".repeat(6) + "-> " + each.remedy());
            }
            rows.add(new Json()
                    .put("name", each.name())
                    .put("level", each.level().name())
                    .put("value", each.value())
                    .put("remedy", each.remedy()));
        }
        final boolean impossible = findings.stream().anyMatch(each -> each.level() == Level.FAIL);
        output.result(new Json().put("ok", !impossible).put("checks", rows));
        return impossible ? ExitStatus.FAILED : ExitStatus.OK;
    }
}

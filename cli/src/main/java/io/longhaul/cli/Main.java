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

import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.Distance;
import io.longhaul.cli.quantity.Fraction;
import io.longhaul.cli.quantity.HostPort;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.TimeSpan;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The `longhaul` command. Exit status: 0 on success, 2 on bad usage, 1 on failure.
@Command(
        name = "longhaul",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = {
            "Moves memory between machines that are hundreds to thousands of kilometres apart.",
            "",
            "Start with: longhaul demo"
        },
        footer = {
            "",
            "Quantities carry units: 2gbit, 64KiB, 20ms, 0.1%%, 2000km.",
            "Exit status: 0 on success, 2 on bad usage, 1 on failure."
        },
        subcommands = {
            DemoCommand.class,
            ServeCommand.class,
            CopyCommand.class,
            PerfCommand.class,
            KeygenCommand.class,
            PingpongCommand.class,
            DevicesCommand.class,
            PlanCommand.class,
            SimulateCommand.class,
            DoctorCommand.class,
            TestCommand.class,
            BenchCommand.class
        })
public final class Main implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before run
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "which command? One of " + String.join(", ", spec.subcommands().keySet())
                        + "; longhaul --help explains them");
    }

    /// Runs the command and ends the process with its exit status.
    public static void main(String[] args) {
        final List<String> given = Arrays.asList(args);
        int status = ExitStatus.FAILED;
        try {
            LogOutput.install(given.contains("--verbose") || Failures.isDebugging());
            status = commandLine().execute(args);
        } catch (Error | CommandLine.PicocliException e) {
            // Needs no other class: perhaps none can be loaded any more.
            System.err.println("longhaul: cannot run: " + e.toString().replace('\n', ' ')
                    + "; raise the limit of open files (ulimit -n) where it is low, or build again");
        }
        System.exit(status);
    }

    /// The command with everything that it understands.
    public static CommandLine commandLine() {
        final CommandLine commands = withQuantities(new CommandLine(new Main()));
        commands.setExpandAtFiles(false);
        commands.setCaseInsensitiveEnumValuesAllowed(true);
        commands.setParameterExceptionHandler(usageHandler());
        commands.setExecutionExceptionHandler(
                (failure, commandLine, parsed) -> Failures.report(failure, parsed, commandLine));
        commands.setUsageHelpAutoWidth(true);
        return commands;
    }

    /// Teaches a command the quantities.
    static CommandLine withQuantities(CommandLine commands) {
        register(commands, ByteSize.class, ByteSize::parse);
        register(commands, BitRate.class, BitRate::parse);
        register(commands, TimeSpan.class, TimeSpan::parse);
        register(commands, Fraction.class, Fraction::parse);
        register(commands, Distance.class, Distance::parse);
        register(commands, HostPort.class, HostPort::parse);
        register(commands, Emulation.class, Emulation::parse);
        return commands;
    }

    private static <T> void register(CommandLine commands, Class<T> type, Function<String, T> parser) {
        commands.registerConverter(type, text -> {
            try {
                return parser.apply(text);
            } catch (QuantityException e) {
                throw new TypeConversionException(e.getMessage());
            }
        });
    }

    private static IParameterExceptionHandler usageHandler() {
        return (failure, args) -> {
            String text =
                    String.valueOf(failure.getMessage()).lines().findFirst().orElse("bad usage");
            if (failure instanceof UnmatchedArgumentException unmatched) {
                final String given = unmatched.getUnmatched().getFirst();
                final List<String> close = unmatched.getSuggestions();
                if (!given.startsWith("-") && failure.getCommandLine().getParent() == null) {
                    text = "there is no command '" + given + "'; there are "
                            + String.join(
                                    ", ",
                                    failure.getCommandLine().getSubcommands().keySet());
                } else if (given.startsWith("-") && !close.isEmpty()) {
                    text += "; did you mean " + String.join(" or ", close) + "?";
                }
            }
            return Failures.usage(
                    text, failure.getCommandLine(), Arrays.asList(args).contains("--json"));
        };
    }

    /// Reads the version from the manifest of the jar that this class came in.
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            final String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"longhaul " + (version == null ? "(unpackaged)" : version)};
        }
    }
}

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
package io.longhaul.faults;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/// A test that takes a seed, and runs for several. {@code -Dlonghaul.seeds=1000} runs as many from 1 on,
/// {@code -Dlonghaul.seed=N} one alone.
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "seed {0}")
@ArgumentsSource(Seeds.Range.class)
public @interface Seeds {
    /// How many a build runs, from 1 on.
    int value() default 20;

    /// Seeds beyond those that a build runs too, since they have found something.
    long[] also() default {};

    /// Gives the seeds.
    final class Range implements ArgumentsProvider {
        @Override
        public Stream<? extends Arguments> provideArguments(
                ParameterDeclarations parameters, ExtensionContext context) {
            final Long only = Long.getLong("longhaul.seed");
            if (only != null) {
                return Stream.of(Arguments.of(only));
            }
            final Seeds seeds = context.getRequiredTestMethod().getAnnotation(Seeds.class);
            final long last = Long.getLong("longhaul.seeds", seeds.value());
            final LongStream also = LongStream.of(seeds.also()).filter(seed -> seed > last);
            return LongStream.concat(LongStream.rangeClosed(1, last), also).mapToObj(Arguments::of);
        }
    }
}

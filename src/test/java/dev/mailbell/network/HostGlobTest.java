package dev.mailbell.network;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostGlobTest {
    @ParameterizedTest
    @ValueSource(strings = {"*a*b*c", "a*bxc*c", "*", "a*c", "aabxbc", "a**c"})
    void globs_match_the_whole_name(String glob) {
        assertThat(HostGlob.of(glob).matches(Host.of("aabxbc"))).isEqualTo(!glob.equals("a*bxc*c"));
        assertThat(HostGlob.of(glob).matches(Host.of("aabxbcd"))).isEqualTo(glob.equals("*"));
    }
}

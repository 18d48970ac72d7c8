package dev.mailbell.network.address;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CidrRangeTest {
    @Test
    void a_range_with_bits_after_its_prefix_is_refused_with_the_right_one() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CidrRange.of("10.1.2.3/8"))
                .withMessageContaining("write 10.0.0.0/8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*", "10", "10.0.0.0-10.0.0.9", "/8", "10.*.*.*", "example.org"})
    void text_that_is_no_range_is_refused(String cidr) {
        assertThatIllegalArgumentException().isThrownBy(() -> CidrRange.of(cidr));
    }
}

package dev.mailbell.network;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HostTest {
    @Test
    void names_are_lower_case_ascii_without_a_trailing_dot() {
        assertThat(Host.of("IMAP.Example.ORG.")).hasToString("imap.example.org");
        assertThat(Host.of("bücher.example")).hasToString("xn--bcher-kva.example");
        assertThat(Host.of("_mail.example.org").literal()).isEmpty();
    }

    @Test
    void an_ipv6_address_has_the_spelling_of_rfc_5952() {
        assertThat(Host.of("[2001:DB8:0:0:1:0:0:1]")).hasToString("2001:db8::1:0:0:1");
        assertThat(Host.of("0:0:0:0:0:0:0:1")).hasToString("::1").isEqualTo(Host.of("[::1%lo]"));
    }
}

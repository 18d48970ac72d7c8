package dev.mailbell.network.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.network.Host;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
    private static final Resolver NO_NAMES =
            name -> {
                throw new UnknownHostException(name);
            };

    private static InetAddress address(String literal) {
        return Host.of(literal).literal().orElseThrow();
    }

    private static AddressGuard guard(Resolver resolver, String... allowPrivate) {
        return new AddressGuard(List.of(allowPrivate), List.of(), resolver);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "0.255.255.255",
                "10.0.0.0",
                "10.255.255.255",
                "100.64.0.0",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.255",
                "169.254.0.0",
                "169.254.169.254",
                "169.254.255.255",
                "172.16.0.0",
                "172.31.255.255",
                "192.0.0.0",
                "192.0.0.192",
                "192.0.0.255",
                "192.0.2.0",
                "192.0.2.255",
                "192.88.99.0",
                "192.88.99.255",
                "192.168.0.0",
                "192.168.255.255",
                "198.18.0.0",
                "198.19.255.255",
                "198.51.100.0",
                "198.51.100.255",
                "203.0.113.0",
                "203.0.113.255",
                "224.0.0.0",
                "239.255.255.255",
                "240.0.0.0",
                "255.255.255.255",
                "168.63.129.16"
            })
    void reserved_ipv4_is_refused_to_the_ends_of_each_range(String literal) throws Exception {
        try (AddressGuard guard = guard(NO_NAMES)) {
            assertThat(guard.isAllowed(address(literal))).isFalse();
            assertThatThrownBy(() -> guard.resolve(literal))
                    .isInstanceOf(BlockedAddressException.class);
            assertThat(guard.check(literal)).isPresent();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.0.0.0",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "191.255.255.255",
                "192.0.1.0",
                "192.0.3.0",
                "192.88.98.255",
                "192.88.100.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "198.51.99.255",
                "198.51.101.0",
                "203.0.112.255",
                "203.0.114.0",
                "223.255.255.255",
                "2606:4700::1111",
                "2001:4860:4860::8888",
                "64:ff9b::8.8.8.8",
                "2002:808:808::1",
                "fbff::1",
                "2001:db7:ffff::1",
                "2001:db9::1",
                "4000::1"
            })
    void the_neighbours_of_reserved_ranges_are_allowed(String literal) throws Exception {
        try (AddressGuard guard = guard(NO_NAMES)) {
            assertThat(guard.resolve(literal)).containsExactly(address(literal));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "::",
                "::1",
                "fc00::",
                "fdff:ffff::1",
                "fd00:ec2::254",
                "fe80::1",
                "febf::1",
                "fec0::1",
                "feff::1",
                "ff00::1",
                "ff02::1",
                "100::1",
                "2001:db8::1",
                "2001:db8:ffff::1",
                "3fff::1",
                "3fff:fff::1",
                "5f00::1",
                "2001:2::1",
                "::ffff:127.0.0.1",
                "::ffff:7f00:1",
                "::127.0.0.1",
                "::ffff:0:10.0.0.1",
                "64:ff9b::10.0.0.1",
                "64:ff9b::a9fe:a9fe",
                "64:ff9b:1::10.0.0.1",
                "64:ff9b:1:a00:0:100::",
                "64:ff9b:1::8.8.8.8",
                "2002:7f00:1::",
                "2002:a9fe:a9fe::1",
                "2002:c0a8:101::1",
                // Teredo: the server is 10.0.0.1; then the client, its bits flipped, is 127.0.0.1.
                "2001:0:a00:1::f7f7:f7f7",
                "2001:0:808:808::80ff:fffe"
            })
    void reserved_ipv6_and_ipv6_that_carries_a_reserved_ipv4_is_refused(String literal) {
        try (AddressGuard guard = guard(NO_NAMES)) {
            assertThat(guard.isAllowed(address(literal))).isFalse();
            assertThatThrownBy(() -> guard.resolve("[" + literal + "]"))
                    .isInstanceOf(BlockedAddressException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "127.0.0.1.",
                "127.1",
                "127.0.1",
                "2130706433",
                "0x7f000001",
                "0X7F000001",
                "017700000001",
                "0177.0.0.1",
                "0177.0.0.01",
                "0x7f.0.0.1",
                "0x7f.1",
                "127.0x1",
                "0177.1",
                "00000177.0.0.1",
                "127.0.0.0x1",
                "１２７.０.０.１",
                "127。0。0。1",
                "①②⑦.0.0.1",
                "[::ffff:127.0.0.1]",
                "::ffff:7f00:1",
                "[0:0:0:0:0:ffff:7f00:0001]",
                "[::FFFF:127.0.0.1%eth0]"
            })
    void every_spelling_of_loopback_is_one_address(String spelling) {
        assertThat(Host.of(spelling)).hasToString("127.0.0.1");
        try (AddressGuard guard = guard(NO_NAMES)) {
            assertThatThrownBy(() -> guard.resolve(spelling))
                    .isInstanceOf(BlockedAddressException.class);
        }
        try (AddressGuard guard = guard(NO_NAMES, "127.0.0.1")) {
            assertThat(guard.isAllowed(address(spelling))).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "a..b",
                ".example.org",
                "exa mple.org",
                "example.org/x",
                "user@example.org",
                "*",
                "10.*",
                "10.0.0.0/8",
                "256.0.0.1",
                "1.2.3.4.5",
                "0x",
                "1.2.3.0x1ffff",
                "example.1",
                "4294967296",
                "09.0.0.1",
                "[::1",
                "::1]",
                "1::2::3",
                "::g",
                "[]",
                "%31",
                "127%2e0.0.1",
                "a\u0000b",
                "a\r\nb",
                "-a.example",
                "exam_ple-.org"
            })
    void text_that_is_no_host_is_refused_with_a_reason(String text) throws Exception {
        assertThatIllegalArgumentException().isThrownBy(() -> Host.of(text));
        try (AddressGuard guard = guard(name -> List.of(InetAddress.getLoopbackAddress()))) {
            assertThat(guard.check(text)).isPresent();
            assertThatThrownBy(() -> guard.resolve(text)).isInstanceOf(UnknownHostException.class);
        }
    }

    @Test
    void bad_addresses_of_a_mixed_answer_are_dropped() throws Exception {
        Resolver mixed =
                name -> List.of(address("10.0.0.7"), address("8.8.8.8"), address("fd00::7"));
        try (AddressGuard guard = guard(mixed)) {
            assertThat(guard.resolve("mixed.example")).containsExactly(address("8.8.8.8"));
            assertThat(guard.check("mixed.example")).isEmpty();
        }
    }

    @Test
    void the_address_of_a_refused_public_name_is_not_in_the_message() {
        try (AddressGuard guard = guard(name -> List.of(address("10.20.30.40")))) {
            assertThatThrownBy(() -> guard.resolve("inside.example"))
                    .isInstanceOf(BlockedAddressException.class)
                    .hasMessageContaining("inside.example")
                    .hasMessageNotContainingAny("10.20.30.40");
            assertThat(guard.check("inside.example").orElseThrow()).doesNotContain("10.20.30.40");
        }
    }

    @Test
    void a_name_that_rebinds_after_registration_is_refused_at_the_next_connect() {
        Queue<String> answers = new ArrayDeque<>(List.of("8.8.8.8", "127.0.0.1"));
        try (AddressGuard guard = guard(name -> List.of(address(answers.remove())))) {
            assertThat(guard.check("rebind.example")).isEmpty();
            assertThatThrownBy(() -> guard.resolve("rebind.example"))
                    .isInstanceOf(BlockedAddressException.class);
        }
    }

    @Test
    void an_unknown_name_is_accepted_at_registration_but_fails_a_connect() {
        try (AddressGuard guard = guard(NO_NAMES)) {
            assertThat(guard.check("unknown.example")).isEmpty();
            // Another name: a failure that took a second, on a busy machine, is remembered.
            assertThatThrownBy(() -> guard.resolve("nowhere.example"))
                    .isInstanceOf(UnknownHostException.class)
                    .hasMessage("no address is known for host \"nowhere.example\"");
        }
    }

    @Test
    void allow_private_opens_its_ranges_and_only_those() {
        try (AddressGuard guard = guard(NO_NAMES, "10.1.0.0/16", "fd12::/16")) {
            assertThat(guard.isAllowed(address("10.1.2.3"))).isTrue();
            assertThat(guard.isAllowed(address("::ffff:10.1.2.3"))).isTrue();
            assertThat(guard.isAllowed(address("64:ff9b::10.1.2.3"))).isTrue();
            assertThat(guard.isAllowed(address("fd12::1"))).isTrue();
            assertThat(guard.isAllowed(address("10.2.0.0"))).isFalse();
            assertThat(guard.isAllowed(address("fd13::1"))).isFalse();
            assertThat(guard.isInAllowPrivate(address("10.1.2.3"))).isTrue();
            assertThat(guard.isInAllowPrivate(address("8.8.8.8"))).isFalse();
        }
    }

    @Test
    void a_reload_swaps_the_lists_and_a_faulty_one_changes_nothing() {
        try (AddressGuard guard = guard(NO_NAMES, "10.0.0.0/8")) {
            guard.reload(List.of("192.168.0.0/16"), List.of("*.inside"));
            assertThat(guard.isAllowed(address("10.0.0.1"))).isFalse();
            assertThat(guard.isAllowed(address("192.168.0.1"))).isTrue();
            assertThat(guard.allowsCleartext("mail.inside")).isTrue();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> guard.reload(List.of("10.0.0.0/99"), List.of()))
                    .withMessageContaining("10.0.0.0/99");
            assertThat(guard.isAllowed(address("192.168.0.1"))).isTrue();
        }
    }

    @Test
    void cleartext_globs_ignore_case_and_the_trailing_dot() {
        try (AddressGuard guard =
                new AddressGuard(
                        List.of(),
                        List.of(
                                "*.Corp.Example.",
                                "localhost",
                                "127.0.0.*",
                                "0::1",
                                "Bücher.example"),
                        NO_NAMES)) {
            assertThat(guard.allowsCleartext("a.b.corp.example")).isTrue();
            assertThat(guard.allowsCleartext("MAIL.CORP.EXAMPLE.")).isTrue();
            assertThat(guard.allowsCleartext("LocalHost")).isTrue();
            assertThat(guard.allowsCleartext("0x7f.1")).isTrue();
            assertThat(guard.allowsCleartext("[::1]")).isTrue();
            assertThat(guard.allowsCleartext("xn--bcher-kva.example")).isTrue();
            assertThat(guard.allowsCleartext("corp.example")).isFalse();
            assertThat(guard.allowsCleartext("a.corp.example.org")).isFalse();
            assertThat(guard.allowsCleartext("not a host")).isFalse();
        }
    }
}

package dev.mailbell.mail.discovery;

import dev.mailbell.network.Host;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * One SRV record (RFC 2782).
 *
 * @param priority 0 to 65,535; the lowest is tried first
 * @param weight 0 to 65,535; the share among equals
 * @param target a host name, or {@code .} if the service is not offered
 */
record SrvRecord(int priority, int weight, int port, String target) {

    /**
     * Reads the form of a zone file: {@code 0 1 993 imap.example.org.}
     *
     * @return empty if it has another form; a name server may send anything
     */
    static Optional<SrvRecord> parse(String text) {
        String[] words = text.strip().split("\\s+");
        if (words.length != 4) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new SrvRecord(
                            Integer.parseInt(words[0]),
                            Integer.parseInt(words[1]),
                            Integer.parseInt(words[2]),
                            words[3]));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    boolean isNotOffered() {
        return target.equals(".");
    }

    /** The target as a host name; empty if the target or the port is not usable. */
    Optional<String> host() {
        if (isNotOffered() || port < 1 || port > 65_535) {
            return Optional.empty();
        }
        try {
            Host host = Host.of(target);
            return host.literal().isEmpty() ? Optional.of(host.toString()) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * Chooses one of the usable records with the lowest priority at random, according to the
     * weights.
     */
    static Optional<SrvRecord> choose(List<SrvRecord> records, RandomGenerator random) {
        List<SrvRecord> usable = records.stream().filter(r -> r.host().isPresent()).toList();
        int first =
                usable.stream().map(SrvRecord::priority).min(Comparator.naturalOrder()).orElse(0);
        List<SrvRecord> equals = usable.stream().filter(r -> r.priority() == first).toList();
        long sum = equals.stream().mapToLong(SrvRecord::share).sum();
        long lot = sum == 0 ? 0 : random.nextLong(sum);
        for (SrvRecord record : equals) {
            lot -= record.share();
            if (lot < 0) {
                return Optional.of(record);
            }
        }
        return Optional.empty();
    }

    /** RFC 2782 requires "a very small chance" for weight 0: a hundredth of weight 1. */
    private long share() {
        return weight == 0 ? 1 : 100L * weight;
    }
}

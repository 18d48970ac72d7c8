package dev.mailbell.mail.auth;

import com.ongres.scram.client.ScramClient;
import com.ongres.scram.common.exception.ScramException;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.text.ServerText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** SCRAM without channel binding (RFC 5802, RFC 7677) by the OnGres client. */
final class ScramExchange implements PasswordExchange {
    /**
     * The maximum number of PBKDF2 iterations. Servers use 4,096 to 600,000; without a limit a
     * hostile server could occupy a core for minutes.
     */
    private static final int MAX_ITERATIONS = 1_000_000;

    private static final Pattern ITERATIONS = Pattern.compile("(?:^|,)i=(\\d{1,10})(?:,|$)");

    private final String mechanism;
    private final ScramClient client;
    private Step step = Step.SERVER_FIRST;

    /** The next expected message of the server. */
    private enum Step {
        SERVER_FIRST,
        SERVER_FINAL,
        NOTHING
    }

    ScramExchange(String mechanism, String username, String password) {
        this.mechanism = mechanism;
        try {
            this.client =
                    ScramClient.builder()
                            .advertisedMechanisms(List.of(mechanism))
                            .username(username)
                            .password(password.toCharArray())
                            .build();
        } catch (IllegalArgumentException e) {
            // The exception may contain the password.
            throw new MailFailure(
                    FailureCode.AUTH_FAILED,
                    "User name or password holds characters that "
                            + mechanism
                            + " does not allow (RFC 4013).");
        }
    }

    @Override
    public String mechanism() {
        return mechanism;
    }

    @Override
    public Optional<byte[]> initialResponse() {
        return Optional.of(PasswordMechanisms.utf8(client.clientFirstMessage().toString()));
    }

    @Override
    public byte[] answer(byte[] challenge) {
        String message = new String(challenge, StandardCharsets.UTF_8);
        if (step == Step.SERVER_FIRST && message.startsWith("e=")) {
            throw refused(message.substring("e=".length()));
        }
        try {
            switch (step) {
                case SERVER_FIRST -> {
                    requireFewIterations(message);
                    client.serverFirstMessage(message);
                    step = Step.SERVER_FINAL;
                    return PasswordMechanisms.utf8(client.clientFinalMessage().toString());
                }
                case SERVER_FINAL -> {
                    client.serverFinalMessage(message);
                    step = Step.NOTHING;
                    return new byte[0];
                }
                case NOTHING -> throw PasswordMechanisms.unexpected(mechanism);
            }
        } catch (ScramException | IllegalArgumentException | IllegalStateException e) {
            if (step == Step.SERVER_FINAL) {
                throw new MailFailure(
                        FailureCode.AUTH_FAILED,
                        "The login by " + mechanism + " failed: the password is not the server's.");
            }
            throw PasswordMechanisms.unexpected(mechanism);
        }
        throw new IllegalStateException("no step: " + step);
    }

    /** Some servers refuse before they have seen a proof (RFC 5802, section 7). */
    private MailFailure refused(String error) {
        return new MailFailure(
                error.equals("no-resources") ? FailureCode.SERVER_ERROR : FailureCode.AUTH_FAILED,
                "The server refused the login by "
                        + mechanism
                        + ": \""
                        + ServerText.oneLine(error, 100)
                        + "\".");
    }

    /** RFC 5802, section 5.1: without its signature the server is not authenticated. */
    @Override
    public boolean isComplete() {
        return step == Step.NOTHING;
    }

    private void requireFewIterations(String message) {
        Matcher matcher = ITERATIONS.matcher(message);
        if (matcher.find() && Long.parseLong(matcher.group(1)) > MAX_ITERATIONS) {
            throw new MailFailure(
                    FailureCode.PROTOCOL_ERROR,
                    "The server wants %s iterations for %s; at most %,d are made."
                            .formatted(matcher.group(1), mechanism, MAX_ITERATIONS));
        }
    }
}

package dev.mailbell.mail.auth;

import java.util.Map;
import java.util.Optional;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import javax.security.sasl.SaslException;

/** CRAM-MD5 (RFC 2195) by the JDK's SASL client. */
final class CramMd5Exchange implements PasswordExchange {
    private static final String NAME = "CRAM-MD5";

    private final SaslClient client;

    CramMd5Exchange(String username, String password) {
        try {
            SaslClient created =
                    Sasl.createSaslClient(
                            new String[] {NAME},
                            null,
                            "mail",
                            "",
                            Map.of(),
                            callbacks -> answer(callbacks, username, password));
            if (created == null) {
                throw new IllegalStateException("this Java runtime has no SASL client for " + NAME);
            }
            client = created;
        } catch (SaslException e) {
            throw new IllegalStateException("this Java runtime has no SASL client for " + NAME, e);
        }
    }

    private static void answer(Callback[] callbacks, String username, String password)
            throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            switch (callback) {
                case NameCallback name -> name.setName(username);
                case PasswordCallback secret -> secret.setPassword(password.toCharArray());
                default -> throw new UnsupportedCallbackException(callback);
            }
        }
    }

    @Override
    public String mechanism() {
        return NAME;
    }

    @Override
    public Optional<byte[]> initialResponse() {
        return Optional.empty();
    }

    @Override
    public byte[] answer(byte[] challenge) {
        if (client.isComplete() || challenge.length == 0) {
            throw PasswordMechanisms.unexpected(NAME);
        }
        try {
            return client.evaluateChallenge(challenge);
        } catch (SaslException e) {
            throw PasswordMechanisms.unexpected(NAME);
        }
    }
}

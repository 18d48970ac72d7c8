package dev.mailbell.ui.session;

import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeyringException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * Turns sessions into the texts of cookies and back. The keyset, which all nodes share, encrypts
 * and authenticates them.
 */
public final class SessionSeal {
    private static final String BOUND_TO = "ui-session";
    private static final int VERSION = 1;
    private static final int MAX_TEXT = 1_024;
    private static final int MAX_SUBJECT = 256;
    private static final int TOKEN_BYTES = 16;

    private final Keyring keyring;

    public SessionSeal(Keyring keyring) {
        this.keyring = keyring;
    }

    String seal(Session session) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeLong(session.id().getMostSignificantBits());
            out.writeLong(session.id().getLeastSignificantBits());
            out.writeUTF(session.kind());
            out.writeShort(session.subject().length);
            out.write(session.subject());
            out.write(session.formToken());
            out.writeLong(session.expiresAt().getEpochSecond());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(keyring.encrypt(bytes.toByteArray(), BOUND_TO));
    }

    /** Empty for a text that no node of this cluster has made. */
    Optional<Session> open(String text) {
        if (text.length() > MAX_TEXT) {
            return Optional.empty();
        }
        try {
            byte[] plain = keyring.decryptBytes(Base64.getUrlDecoder().decode(text), BOUND_TO);
            return read(new DataInputStream(new ByteArrayInputStream(plain)));
        } catch (IllegalArgumentException | KeyringException notOurs) {
            return Optional.empty();
        } catch (IOException ofAnotherVersion) {
            return Optional.empty();
        }
    }

    private static Optional<Session> read(DataInputStream in) throws IOException {
        if (in.readByte() != VERSION) {
            return Optional.empty();
        }
        UUID id = new UUID(in.readLong(), in.readLong());
        String kind = in.readUTF();
        int length = in.readUnsignedShort();
        if (length > MAX_SUBJECT) {
            return Optional.empty();
        }
        byte[] subject = new byte[length];
        in.readFully(subject);
        byte[] token = new byte[TOKEN_BYTES];
        in.readFully(token);
        return Optional.of(
                new Session(id, kind, subject, token, Instant.ofEpochSecond(in.readLong())));
    }
}

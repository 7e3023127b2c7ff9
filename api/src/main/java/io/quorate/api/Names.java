package io.quorate.api;

/** The one grammar of names: a DNS label, so that a name fits a certificate, a URI path, a file name and a log line. */
final class Names {

    static final int MAX_LENGTH = 63;

    private Names() {
    }

    static String requireLabel(String what, String value) {
        if (value == null || value.isEmpty() || value.length() > MAX_LENGTH || !isLabel(value)) {
            throw new IllegalArgumentException(what + ": found " + (value == null ? "nothing" : '"' + value + '"')
                + ", expected 1 to " + MAX_LENGTH + " characters of a-z, 0-9 and '-', with a letter or digit at both "
                + "ends");
        }
        return value;
    }

    private static boolean isLabel(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            boolean alphanumeric = c >= 'a' && c <= 'z' || c >= '0' && c <= '9';
            boolean innerHyphen = c == '-' && i > 0 && i < value.length() - 1;
            if (!alphanumeric && !innerHyphen) {
                return false;
            }
        }
        return true;
    }
}

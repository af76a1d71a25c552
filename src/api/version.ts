/**
 * The version of this front end; a test keeps it that of package.json.
 */
export const VERSION = '0.1.0';

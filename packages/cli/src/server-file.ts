// The file in a data folder that says where its server listens, so that commands in the same project find it.

/** Path inside the data folder. */
export const serverFile = "server.json";

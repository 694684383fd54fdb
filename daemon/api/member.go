package api

func memberRoutes() []Route { return nil }
